"""What anyone on the internet may see."""
