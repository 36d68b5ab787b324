"""Workers, what they do when woken, and the schedule that wakes them."""
