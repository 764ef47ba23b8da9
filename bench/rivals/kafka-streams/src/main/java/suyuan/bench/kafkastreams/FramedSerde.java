package suyuan.bench.kafkastreams;

import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import suyuan.bench.events.Framed;

/** Framed Avro as Kafka Streams wants it. Stream threads share serdes, so each thread has its own codec. */
final class FramedSerde<T extends SpecificRecord> implements Serde<T> {
    private final ThreadLocal<Framed<T>> framed;

    FramedSerde(int id, Schema schema) {
        this.framed = ThreadLocal.withInitial(() -> new Framed<>(id, schema));
    }

    @Override
    public Serializer<T> serializer() {
        return (topic, record) -> record == null ? null : framed.get().encode(record);
    }

    @Override
    public Deserializer<T> deserializer() {
        return (topic, message) -> message == null ? null : framed.get().decode(message);
    }
}
