"""Every element id of the pages over all runs: the list, and the comparison of two."""

SOCKET = "runs-ws"
LOCATION = "runs-location"
SHOWN = "runs-shown"
PICKED = "runs-picked"

# what chooses the runs; each is one parameter of the address
TEXT = "runs-text"
STATUS = "runs-status"
MODEL = "runs-model"
INTENT = "runs-intent"
TOOL = "runs-tool"
SINCE = "runs-since"
UNTIL = "runs-until"
TOOK = "runs-took"

# named views
VIEW = "runs-view"
VIEW_SAVE = "runs-view-save"
VIEW_FORGET = "runs-view-forget"
VIEW_FORM = "runs-view-form"
VIEW_NAME = "runs-view-name"

# the list
TABLE = "runs-table"
NOTE = "runs-note"
PAGES = "runs-pages"
CLEAR = "runs-clear"
NOTICE = "runs-notice"

# what can be done with picked runs
ACTIONS = "runs-actions"
COUNT = "runs-count"
COMPARE = "runs-compare"
EXPORT = "runs-export"
DELETE = "runs-delete"
CONFIRM = "runs-confirm"
CONFIRM_TEXT = "runs-confirm-text"
CONFIRM_YES = "runs-confirm-yes"
CONFIRM_NO = "runs-confirm-no"
UNPICK = "runs-unpick"

# bringing in runs from files
IMPORT = "runs-import-button"
