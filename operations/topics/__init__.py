"""The topics of a Kafka cluster: how they have to be, making them, checking them."""
