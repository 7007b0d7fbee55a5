/* Lets components of Dash keep to themselves what nobody asked them for.
 *
 * A store says when it was changed, a table which rows it has: each a change of Dash's own store, told
 * to every component of the page, with every frame. Here it ends. Who wants to know of a change is
 * told by its id.
 */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const UNASKED = [
    ["dash_core_components", "Store", /^modified_timestamp$/],
    ["dash_table", "DataTable", /^derived_/],
  ];

  /** The component, without properties of these names that it would set by itself. */
  function quiet(component, names, told) {
    function Quiet(props) {
      const setProps = (changes) => {
        const asked = Object.entries(changes).filter(([name]) => !names.test(name));
        if (asked.length > 0) props.setProps(Object.fromEntries(asked));
        if (asked.length < Object.keys(changes).length) told(props.id);
      };
      return root.React.createElement(component, { ...props, setProps });
    }
    return Object.setPrototypeOf(Quiet, component); // Dash reads its defaults, and whether it is there yet
  }

  /** The library with that component in the place of its own, which cannot be written. */
  const having = (library, name, component) => Object.create(library, { [name]: { value: component, enumerable: true } });

  /** When all scripts are there, and nothing is drawn yet. `told` gets the id of what has changed. */
  function start(told) {
    document.addEventListener("DOMContentLoaded", () => {
      for (const [library, name, names] of UNASKED) {
        const known = root[library];
        if (known) root[library] = having(known, name, quiet(known[name], names, told));
      }
    });
  }

  RyxDash.quiet = Object.freeze({ start, quiet });
})(globalThis);
