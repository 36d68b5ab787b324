"""What the tasks of one worker process share: connections outlive a job, or each would pay anew."""

from __future__ import annotations

from functools import cache

from jobs.drain import Drainer
from services import Services, build_services
from settings import load_settings
from sms.media.fetch import FETCH_MEDIA


@cache
def worker_context() -> tuple[Services, Drainer]:
    """Build the services once per process, from the environment."""
    services = build_services(load_settings())
    return services, Drainer(
        services.database,
        clock=services.clock,
        errands={FETCH_MEDIA: services.media_fetcher},
    )
