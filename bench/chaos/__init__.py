"""`make chaos`: kill workers, flush the queue and lose answers under load, then count the texts."""
