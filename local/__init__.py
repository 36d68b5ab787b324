"""What `make run` needs beside the product: PostgreSQL, Valkey, a supervisor; nothing imports it."""
