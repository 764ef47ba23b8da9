package suyuan.bench.kafkastreams;

import java.util.ArrayList;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import suyuan.bench.events.Chain;
import suyuan.bench.events.Listing;
import suyuan.bench.events.Lot;
import suyuan.bench.events.Waiting;

/** A listing: its chain, if the record of its lot is there; else it waits. */
final class ListingJoin implements Processor<byte[], Listing, byte[], Chain> {
    private ProcessorContext<byte[], Chain> context;
    private KeyValueStore<byte[], Lot> records;
    private KeyValueStore<byte[], Waiting> waiting;

    @Override
    public void init(ProcessorContext<byte[], Chain> context) {
        this.context = context;
        this.records = context.getStateStore(TraceJoin.RECORDS_STORE);
        this.waiting = context.getStateStore(TraceJoin.WAITING_STORE);
    }

    @Override
    public void process(Record<byte[], Listing> message) {
        Listing listing = message.value();
        Lot lot = records.get(message.key());
        if (lot != null) {
            TraceJoin.forward(context, message, Joined.chain(listing, lot));
            return;
        }
        Waiting others = waiting.get(message.key());
        if (others == null) {
            others = new Waiting(new ArrayList<>(4));
        }
        others.getListings().add(Joined.waiting(listing));
        waiting.put(message.key(), others);
    }
}
