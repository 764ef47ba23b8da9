package suyuan.bench.kafkastreams;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.Stores;
import suyuan.bench.events.Chain;
import suyuan.bench.events.Framed;
import suyuan.bench.events.Listing;
import suyuan.bench.events.Lot;
import suyuan.bench.events.Waiting;

/** Trace-join on Kafka Streams: {@code TraceJoin SERVERS STATE_FOLDER memory|rocksdb COMMIT_MS}. */
public final class TraceJoin {
    static final String RECORDS_STORE = "records";
    static final String WAITING_STORE = "waiting";

    private TraceJoin() {}

    public static void main(String[] arguments) throws InterruptedException {
        boolean rocksdb = arguments[2].equals("rocksdb");
        KafkaStreams streams = new KafkaStreams(
                topology(rocksdb), configuration(arguments[0], arguments[1], Integer.parseInt(arguments[3])));
        CountDownLatch ended = new CountDownLatch(1);
        streams.setUncaughtExceptionHandler(failure -> StreamThreadExceptionResponse.SHUTDOWN_CLIENT);
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.ERROR || now == KafkaStreams.State.NOT_RUNNING) {
                ended.countDown();
            }
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(20))));
        streams.start();
        ended.await();
    }

    static Topology topology(boolean rocksdb) {
        Serde<byte[]> key = Serdes.ByteArray();
        Serde<Lot> lots = new FramedSerde<>(Framed.LOT, Lot.getClassSchema());
        Serde<Listing> listings = new FramedSerde<>(Framed.LISTING, Listing.getClassSchema());
        Serde<Waiting> waiting = new FramedSerde<>(Framed.WAITING, Waiting.getClassSchema());
        Serde<Chain> chains = new FramedSerde<>(Framed.CHAIN, Chain.getClassSchema());
        Map<String, String> changelog = Map.of("min.insync.replicas", "1");

        StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(
                Stores.keyValueStoreBuilder(store(RECORDS_STORE, rocksdb), key, lots).withLoggingEnabled(changelog));
        builder.addStateStore(
                Stores.keyValueStoreBuilder(store(WAITING_STORE, rocksdb), key, waiting).withLoggingEnabled(changelog));
        String[] both = {RECORDS_STORE, WAITING_STORE};
        builder.stream("records", Consumed.with(key, lots))
                .process(RecordJoin::new, both)
                .merge(builder.stream("listings", Consumed.with(key, listings)).process(ListingJoin::new, both))
                .to("chains", Produced.with(key, chains));
        return builder.build();
    }

    /** A chain's key is its listing's number. */
    static void forward(ProcessorContext<byte[], Chain> context, Record<byte[], ?> cause, Chain chain) {
        byte[] key = chain.getListingId().getBytes(StandardCharsets.UTF_8);
        context.forward(cause.withKey(key).withValue(chain));
    }

    private static KeyValueBytesStoreSupplier store(String name, boolean rocksdb) {
        return rocksdb ? Stores.persistentKeyValueStore(name) : Stores.inMemoryKeyValueStore(name);
    }

    private static Properties configuration(String servers, String folder, int commitMs) {
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "trace-join");
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, servers);
        properties.put(StreamsConfig.STATE_DIR_CONFIG, folder);
        properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
        properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
        properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, commitMs);
        properties.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        properties.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 10_000);
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 10_000);
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), 4 << 20);
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), 45_000);
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.ACKS_CONFIG), "all");
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 50);
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 256 << 10);
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG), 64L << 20);
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        return properties;
    }
}
