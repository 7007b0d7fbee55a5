from ryx_dash.views import ids, keys
from tests.views.tree import find, one, text


def test_the_help_lists_every_key_with_its_words():
    shown = keys.dialog()
    assert one(shown, id=ids.HELP)
    assert [text(kbd) for kbd in find(shown, type="Kbd")] == [k for ks, _ in keys.KEYS for k in ks]
    assert len(find(shown, type="Dd")) == len(keys.KEYS)
    assert "open" not in one(shown, id=ids.HELP)
