import time


class SlowStore:
    """A store that takes a while for each parcel; the first fetches of a name fail as often as `failures` says."""

    def __init__(self, delay_s: float = 0.0, failures: int = 0) -> None:
        self.delay_s = delay_s
        self.failures = failures
        self.parcels: dict[str, bytes] = {}
        self.asked: dict[str, int] = {}

    def fetch(self, name: str) -> bytes:
        time.sleep(self.delay_s)
        if self.failures:
            self.asked[name] = self.asked.get(name, 0) + 1
            if self.asked[name] <= self.failures:
                raise OSError(f"{name} is busy")
        if name not in self.parcels:
            raise OSError(f"there is no {name}")
        return self.parcels[name]

    def save(self, name: str, data: bytes) -> None:
        time.sleep(self.delay_s)
        self.parcels[name] = data
