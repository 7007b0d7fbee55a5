"""Pure folds of events into what the screens show: ``state = fold(state, event)``."""
