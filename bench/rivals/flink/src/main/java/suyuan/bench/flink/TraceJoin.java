package suyuan.bench.flink;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Trace-join on Flink: {@code TraceJoin SERVERS CHECKPOINT_FOLDER memory|rocksdb CHECKPOINT_MS}. */
public final class TraceJoin {
    private static final int PARALLELISM = 2;

    private TraceJoin() {}

    public static void main(String[] arguments) throws Exception {
        String servers = arguments[0];
        Path checkpoints = Path.of(arguments[1], "checkpoints");
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(
                PARALLELISM,
                configuration(checkpoints, arguments[2].equals("rocksdb"), Long.parseLong(arguments[3])));

        DataStream<Keyed> records = environment
                .fromSource(source(servers, "records"), WatermarkStrategy.noWatermarks(), "records").uid("records");
        DataStream<Keyed> listings = environment
                .fromSource(source(servers, "listings"), WatermarkStrategy.noWatermarks(), "listings").uid("listings");
        records.keyBy(Keyed::getKey)
                .connect(listings.keyBy(Keyed::getKey))
                .process(new Join()).uid("join")
                .sinkTo(sink(servers)).uid("chains");
        environment.execute("trace-join");
    }

    private static KafkaSource<Keyed> source(String servers, String topic) {
        return KafkaSource.<Keyed>builder()
                .setBootstrapServers(servers)
                .setTopics(topic)
                .setGroupId("trace-join")
                .setStartingOffsets(OffsetsInitializer.committedOffsets(OffsetResetStrategy.EARLIEST))
                .setDeserializer(new KeyedDeserializer())
                .setProperty("max.poll.records", "10000")
                .setProperty("max.partition.fetch.bytes", String.valueOf(4 << 20))
                .build();
    }

    private static KafkaSink<Keyed> sink(String servers) {
        return KafkaSink.<Keyed>builder()
                .setBootstrapServers(servers)
                .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
                .setRecordSerializer((chain, context, timestamp) -> new ProducerRecord<>(
                        "chains", chain.key.getBytes(StandardCharsets.UTF_8), chain.value))
                .setProperty("acks", "all")
                .setProperty("linger.ms", "50")
                .setProperty("batch.size", String.valueOf(256 << 10))
                .setProperty("buffer.memory", String.valueOf(64 << 20))
                .setProperty("compression.type", "lz4")
                .build();
    }

    private static Configuration configuration(Path checkpoints, boolean rocksdb, long checkpointMs)
            throws IOException {
        Configuration configuration = new Configuration();
        configuration.set(PipelineOptions.OBJECT_REUSE, true);
        configuration.set(PipelineOptions.GENERIC_TYPES, false);
        configuration.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(rocksdb ? 256 : 16));
        configuration.set(TaskManagerOptions.NETWORK_MEMORY_MIN, MemorySize.ofMebiBytes(64));
        configuration.set(TaskManagerOptions.NETWORK_MEMORY_MAX, MemorySize.ofMebiBytes(64));
        configuration.set(StateBackendOptions.STATE_BACKEND, rocksdb ? "rocksdb" : "hashmap");
        configuration.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, rocksdb);
        configuration.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
        configuration.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, checkpoints.toUri().toString());
        configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(checkpointMs));
        configuration.set(CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.AT_LEAST_ONCE);
        configuration.set(
                CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
                ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
        latest(checkpoints).ifPresent(path ->
                configuration.set(StateRecoveryOptions.SAVEPOINT_PATH, path.toUri().toString()));
        return configuration;
    }

    /** The newest complete checkpoint of a run before. */
    private static Optional<Path> latest(Path checkpoints) throws IOException {
        if (!Files.isDirectory(checkpoints)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.walk(checkpoints, 3)) {
            return files.filter(file -> file.endsWith("_metadata"))
                    .max(Comparator.comparing(file -> file.toFile().lastModified()))
                    .map(Path::getParent);
        }
    }
}
