"""Intake in front of the stage under test: events in, the rows that it would get out."""

from tests.streams.stages.part import Part


class Upstream:
    """One partition."""

    def __init__(self):
        self.intake = Part("intake")

    def records(self, topic, *events):
        """Rows of a topic of records."""
        return [row for event in events for row in self.intake.events(event["kind"], event)[topic]]

    def producer_listings(self, *events):
        """Rows of `producer.listing`."""
        return self.intake.events("listing", *events)["producer.listing"]
