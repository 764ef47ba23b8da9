"""Intake and seller in front of the stage under test: events in, the rows that it would get out."""

from tests.streams.stages.part import Part


class Upstream:
    """One partition of each."""

    def __init__(self):
        self.intake = Part("intake")
        self.seller = Part("seller")

    def records(self, topic, *events):
        """Rows of a topic of records."""
        return [row for event in events for row in self.intake.events(event["kind"], event)[topic]]

    def seller_listings(self, *events):
        """Rows of `seller.listing`."""
        return self.intake.events("listing", *events)["seller.listing"]

    def producer_listings(self, *events):
        """Rows of `producer.listing`; nothing is known of any seller."""
        return self.seller.rows("seller.listing", self.seller_listings(*events))["producer.listing"]
