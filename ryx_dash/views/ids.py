"""Every element id of the page, once. Those marked * are public (contract, section 6)."""

# header and form
CONNECTION_STATUS = "connection-status"  # *
CONNECTION_NOTE = "connection-note"
LINKS = "links"
LINK_PAGE = "link-page"
LINK_BACKEND = "link-backend"
RECONNECT = "reconnect-button"  # *
MODEL_IN_USE = "model-in-use"
QUERY = "query-input"  # *
MODEL = "model-select"  # *
EXECUTE = "execute-button"  # *
CANCEL = "cancel-button"  # *
QUEUE_COUNT = "queue-count"  # *
COMMAND_ERROR = "command-error"

# run line
RUN_LINE = "run-line"
RUN_FACTS = "run-facts"
RUN_STATUS = "run-status"  # *
RUN_CLOCK = "run-clock"
RUN_SILENCE = "run-silence"
EVENT_COUNT = "event-count"  # *
NOTICE = "notice"

# time travel
SCRUBBER = "scrubber"
SCRUBBER_PLACE = "scrubber-place"
POSITION = "position"
TRAVEL_PREVIOUS = "travel-previous"
TRAVEL_BACK = "travel-back"
TRAVEL_PLAY = "travel-play"
TRAVEL_FORTH = "travel-forth"
TRAVEL_NEXT = "travel-next"
TRAVEL_SPEED = "travel-speed"
TRAVEL_LINK = "travel-link"
TRAVEL_LIVE = "travel-live"
EXPORT = "export-menu"

# graph and steps
GRAPH = "workflow-graph"  # *
GRAPH_LAYOUT = "graph-layout"
GRAPH_FIT = "graph-fit"
GRAPH_FOLD = "graph-fold"
STEPS = "workflow-steps"  # *

# timeline
GRAPH_PANEL = "graph-panel"
TAB_GRAPH = "tab-graph"
TAB_TIMELINE = "tab-timeline"
TIMELINE = "timeline"
TIMELINE_FOLD = "timeline-fold"
TIMELINE_PLACE = "timeline-place"

# monitor
TABLE = "event-table"  # *
TABLE_NOTE = "event-note"
MONITOR_SCROLL = "monitor-scroll"
PAUSE = "pause-button"  # *
FOLLOW = "follow-toggle"  # *
CLEAR = "clear-button"  # *
FILTER_STEPS = "filter-steps"
FILTER_LEVEL = "filter-level"
FILTER_TEXT = "filter-text"
FILTER_TOKENS = "filter-tokens"
FILTER_RESET = "filter-reset"

# inspector
INSPECTOR = "inspector"
INSPECTOR_HEAD = "inspector-head"
INSPECTOR_BODY = "inspector-body"
INSPECTOR_SCROLL = "inspector-scroll"
INSPECTOR_SEARCH = "inspector-search"
INSPECTOR_HITS = "inspector-hits"
INSPECTOR_PREVIOUS = "inspector-previous"
INSPECTOR_NEXT = "inspector-next"
INSPECTOR_LINK = "inspector-link"
INSPECTOR_CLOSE = "inspector-close"

# tools and answer
TOOLS = "tool-results"  # *
TOOL_COUNT = "tool-count"  # *
ANSWER = "answer"  # *
ANSWER_SCROLL = "answer-scroll"
ANSWER_STATE = "answer-state"
ANSWER_SOURCE = "answer-source"
ANSWER_SOURCES = "answer-sources"
ANSWER_COPY = "answer-copy"
TOOLS_STATE = "tools-state"

# help
HELP = "help"
HELP_BUTTON = "help-button"
HELP_CLOSE = "help-close"
HELP_LIST = "help-list"

# the frame
PAGE = "page"
WORKSPACE = "workspace"
LOCATION = "location"
SOCKET = "ws"
VIEWS = "views"  # what the page draws by itself

# stores
WHOLE_ASKED = "whole-asked"
WHOLE_SHOWN = "whole-shown"
SHOWN = "shown"
ZONE = "zone"
GRAPH_VIEW = "graph-view"
SELECTED = "selected"
PAUSED = "pause"
FOLLOWING = "follow"
CLEARED = "cleared"
AHEAD_ASKED = "ahead-asked"
AHEAD = "ahead"
MODELS_ASKED = "models-asked"
TIMELINE_FIRST = "timeline-first"
TIMELINE_ASKED = "timeline-asked"
INSPECT_ASKED = "inspect-asked"
INSPECT_SHOWN = "inspect-shown"
