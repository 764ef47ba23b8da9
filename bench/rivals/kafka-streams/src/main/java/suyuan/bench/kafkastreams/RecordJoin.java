package suyuan.bench.kafkastreams;

import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import suyuan.bench.events.Chain;
import suyuan.bench.events.Lot;
import suyuan.bench.events.Waiting;
import suyuan.bench.events.WaitingListing;

/** The record of a lot: kept, and the chains of the listings that waited for it. */
final class RecordJoin implements Processor<byte[], Lot, byte[], Chain> {
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
    public void process(Record<byte[], Lot> message) {
        Lot lot = message.value();
        records.put(message.key(), lot);
        Waiting found = waiting.get(message.key());
        if (found == null) {
            return;
        }
        for (WaitingListing listing : found.getListings()) {
            TraceJoin.forward(context, message, Joined.chain(listing, lot));
        }
        waiting.delete(message.key());
    }
}
