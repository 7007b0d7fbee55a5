/* Draws the views that have no components of Dash (ryx_dash/views/drawing.py).
 *
 * They are trees of Dash's HTML components. What is there already is changed in place, so focus,
 * selection and open details stay. Nothing is ever read as HTML: there are elements, attributes
 * that do not run anything, and text.
 */
(function (root) {
  "use strict";
  const RyxDash = (root.RyxDash = root.RyxDash || {});

  const PROPERTY = "data-views";
  const CONTENT = "data-content"; // an element's own content
  const NAMES = { className: "class", htmlFor: "for", tabIndex: "tabindex", dateTime: "datetime" };
  const LEFT_OUT = new Set(["n_clicks", "key"]);
  const NEVER = /^(on|src|style$|action$|formaction$)/i;
  const ADDRESS = /^(\/(?!\/)|https?:\/\/|mailto:)/i;
  const TAG = /^(A|B|Blockquote|Br|Button|Caption|Code|Dd|Del|Details|Div|Dl|Dt|Em|H[1-6]|Hr|Ins|Kbd|Li|Mark|Ol|P|Pre|S|Small|Span|Strong|Summary|Table|Tbody|Td|Th|Thead|Time|Tr|Ul)$/;
  const ELEMENT = 1;
  const TEXT = 3;

  const written = new WeakMap(); // element -> the properties that it was given last

  /** One list of texts and components; what is nothing is left out. */
  function flat(children) {
    if (Array.isArray(children)) return children.flatMap(flat);
    return children === null || children === undefined || children === "" ? [] : [children];
  }

  const allowed = (name, value) =>
    !LEFT_OUT.has(name) && !NEVER.test(name) && (name !== "href" || !value || ADDRESS.test(value));

  function attribute(element, name, value) {
    const real = NAMES[name] || name;
    if (value === null || value === undefined || value === false) element.removeAttribute(real);
    else {
      const text = value === true ? "" : String(value);
      if (element.getAttribute(real) !== text) element.setAttribute(real, text);
    }
  }

  /** Whether two values of JSON say the same. */
  function same(one, other) {
    if (one === other) return true;
    if (!one || !other || typeof one !== "object" || typeof other !== "object") return false;
    const names = Object.keys(one);
    return names.length === Object.keys(other).length && names.every((name) => same(one[name], other[name]));
  }

  /** Give an element its properties. What others wrote into it stays until the property changes. */
  function dress(element, props) {
    const before = written.get(element) || {};
    for (const name of new Set([...Object.keys(before), ...Object.keys(props)])) {
      if (same(before[name], props[name])) continue;
      if (name === "children") fill(element, props.children);
      else if (allowed(name, props[name])) attribute(element, name, props[name]);
    }
    written.set(element, props);
  }

  function fill(element, children) {
    let here = element.firstChild;
    for (const child of flat(children)) here = place(element, here, child).nextSibling;
    while (here) {
      const gone = here;
      here = here.nextSibling;
      gone.remove();
    }
  }

  /** An element's children as they were drawn last, whatever others have put there since. */
  const again = (element) => fill(element, (written.get(element) || {}).children);

  /** Make `child` what stands at `here`, by changing it if it is of the same kind. */
  function place(parent, here, child) {
    if (typeof child !== "object") return write(parent, here, String(child));
    if (!TAG.test(child.type)) throw new Error(`The page does not draw ${child.type}.`);
    const tag = child.type.toLowerCase();
    const same = here && here.nodeType === ELEMENT && here.localName === tag && here.id === (child.props.id || "");
    const element = same ? here : put(parent, here, parent.ownerDocument.createElement(tag));
    dress(element, child.props);
    return element;
  }

  function write(parent, here, text) {
    if (!here || here.nodeType !== TEXT) return put(parent, here, parent.ownerDocument.createTextNode(text));
    if (here.data !== text) here.data = text;
    return here;
  }

  function put(parent, here, node) {
    if (here) parent.replaceChild(node, here);
    else parent.appendChild(node);
    return node;
  }

  /** Write {element id: {property: value}} into the page; other properties stay as they are. */
  function draw(views) {
    for (const [id, props] of Object.entries(views)) {
      const element = document.getElementById(id);
      if (element) dress(element, { ...written.get(element), ...props });
    }
  }

  const read = (holder) => draw(JSON.parse(holder.getAttribute(PROPERTY)));

  /** Draw what the page begins with, and from then on what the server callback sends. */
  function watch(holder) {
    read(holder);
    new MutationObserver(() => read(holder)).observe(holder, { attributeFilter: [PROPERTY] });
  }

  const own = (element) =>
    dress(element, { ...written.get(element), children: JSON.parse(element.getAttribute(CONTENT)) });

  /** Fill what has come to the page and brings its own content. */
  function bring(node) {
    if (node.nodeType !== ELEMENT) return;
    if (node.hasAttribute(CONTENT)) own(node);
    node.querySelectorAll(`[${CONTENT}]`).forEach(own);
  }

  function changed(changes) {
    for (const change of changes) {
      if (change.type === "attributes") own(change.target);
      else change.addedNodes.forEach(bring);
    }
  }

  /** The page is put up once; its views are there before it is painted. */
  function start() {
    const all = { childList: true, subtree: true, attributeFilter: [CONTENT] };
    new MutationObserver(changed).observe(document, all);
    const found = () => document.getElementById("views");
    const coming = new MutationObserver(() => {
      const holder = found();
      if (!holder) return;
      coming.disconnect();
      watch(holder);
    });
    coming.observe(document, { childList: true, subtree: true });
  }

  RyxDash.draw = Object.freeze({ start, draw, dress, fill, again, changed });
})(globalThis);
