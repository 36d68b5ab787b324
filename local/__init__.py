"""What `make run` needs beside the product: PostgreSQL, Valkey and a supervisor."""
