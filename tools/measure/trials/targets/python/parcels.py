"""Adds up what the parcels of a day cost: the program that trials of Python measure."""

RECORDS = 130_000
"""How many parcels a day has; trials give the two sides different numbers."""
RECORD = "2024-03-07;Lisbon;parcel;17.40;3.25"


def day(records: int) -> float:
    """Add up price and label of a day's parcels: every record is the same, the work proportional to their number."""
    total = 0.0
    for _ in range(records):
        fields = RECORD.split(";")
        label = f"{fields[1]}/{fields[2]}"
        total += float(fields[3]) + len(label)
    return total


if __name__ == "__main__":
    day(RECORDS)
