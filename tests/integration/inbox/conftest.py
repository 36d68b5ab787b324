from __future__ import annotations

from datetime import datetime

import pytest

from models import Database
from tests.factories import make_shop
from tests.integration.inbox.making import Inbox


@pytest.fixture
def inbox(database: Database, now: datetime) -> Inbox:
    return Inbox(database, make_shop(database, now=now), now)
