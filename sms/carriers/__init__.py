"""The carriers behind one protocol, what their errors mean, and the webhooks they call."""
