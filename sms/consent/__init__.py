"""What people allowed, how we know, and the one gate that every outgoing text passes."""
