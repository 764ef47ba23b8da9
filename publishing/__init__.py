"""Events to Kafka, for platforms: `suyuan.publishing.publisher`. Also what every publisher shares: keys of events."""
