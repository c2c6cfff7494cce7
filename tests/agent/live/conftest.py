"""The Go service with known faults."""

from __future__ import annotations

from tests.tools.live.services import binary as binary  # a fixture
from tests.tools.live.services import start as start  # a fixture
