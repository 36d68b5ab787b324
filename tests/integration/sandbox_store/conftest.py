from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.sandbox_store.recorder import Recorder


@pytest.fixture
def parley() -> Iterator[Recorder]:
    recorder = Recorder()
    yield recorder
    recorder.close()
