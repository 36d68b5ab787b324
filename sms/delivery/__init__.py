"""From wanting to text somebody to the carrier's word on it: text, dispatch, reconciliation."""
