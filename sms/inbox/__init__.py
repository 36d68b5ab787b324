"""What people text back: what it means, the conversation it belongs to, and the answer it gets."""
