package suyuan.bench.flink;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.functions.co.KeyedCoProcessFunction;
import org.apache.flink.util.Collector;
import suyuan.bench.events.Chain;
import suyuan.bench.events.Chains;
import suyuan.bench.events.Framed;
import suyuan.bench.events.Listing;
import suyuan.bench.events.Lot;

/** Records (first input) and listings (second) of one credit code and lot. Gives encoded chains, keyed by listing. */
final class Join extends KeyedCoProcessFunction<String, Keyed, Keyed, Keyed> {
    private static final long serialVersionUID = 1L;

    private transient ValueState<LotFacts> record;
    private transient ListState<ListingFacts> waiting;
    private transient Framed<Lot> lots;
    private transient Framed<Listing> listings;
    private transient Framed<Chain> chains;

    @Override
    public void open(OpenContext context) {
        record = getRuntimeContext().getState(new ValueStateDescriptor<>("record", LotFacts.class));
        waiting = getRuntimeContext().getListState(new ListStateDescriptor<>("waiting", ListingFacts.class));
        lots = new Framed<>(Framed.LOT, Lot.getClassSchema());
        listings = new Framed<>(Framed.LISTING, Listing.getClassSchema());
        chains = new Framed<>(Framed.CHAIN, Chain.getClassSchema());
    }

    @Override
    public void processElement1(Keyed message, Context context, Collector<Keyed> out) throws Exception {
        LotFacts lot = LotFacts.of(lots.decode(message.value));
        record.update(lot);
        boolean any = false;
        for (ListingFacts listing : waiting.get()) {
            out.collect(chain(listing, lot));
            any = true;
        }
        if (any) {
            waiting.clear();
        }
    }

    @Override
    public void processElement2(Keyed message, Context context, Collector<Keyed> out) throws Exception {
        ListingFacts listing = ListingFacts.of(listings.decode(message.value));
        LotFacts lot = record.value();
        if (lot == null) {
            waiting.add(listing);
        } else {
            out.collect(chain(listing, lot));
        }
    }

    private Keyed chain(ListingFacts listing, LotFacts lot) {
        Integer expires = lot.expiresOn == Integer.MIN_VALUE ? null : lot.expiresOn;
        Chain chain = Chains.of(
                listing.platformCode, listing.listingId, listing.sellerCode, listing.eventId, listing.occurredAt,
                listing.sold30d, lot.producerCode, lot.lot, lot.eventId, lot.producedOn, expires, lot.quantity);
        return new Keyed(listing.listingId, chains.encode(chain));
    }
}
