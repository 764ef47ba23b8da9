package suyuan.bench.flink;

import suyuan.bench.events.Listing;

/** State: what the chain of a waiting listing needs. Flink's POJO. */
public final class ListingFacts {
    public String eventId;
    public long occurredAt;
    public String platformCode;
    public String listingId;
    public String sellerCode;
    public long sold30d;

    public ListingFacts() {}

    static ListingFacts of(Listing listing) {
        ListingFacts facts = new ListingFacts();
        facts.eventId = listing.getEventId();
        facts.occurredAt = listing.getOccurredAt();
        facts.platformCode = listing.getPlatformCode();
        facts.listingId = listing.getListingId();
        facts.sellerCode = listing.getSellerCode();
        facts.sold30d = listing.getSold30d();
        return facts;
    }
}
