package suyuan.bench.flink;

import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

final class KeyedDeserializer implements KafkaRecordDeserializationSchema<Keyed> {
    private static final long serialVersionUID = 1L;

    @Override
    public void deserialize(ConsumerRecord<byte[], byte[]> message, Collector<Keyed> out) {
        out.collect(new Keyed(new String(message.key(), StandardCharsets.UTF_8), message.value()));
    }

    @Override
    public TypeInformation<Keyed> getProducedType() {
        return TypeInformation.of(Keyed.class);
    }
}
