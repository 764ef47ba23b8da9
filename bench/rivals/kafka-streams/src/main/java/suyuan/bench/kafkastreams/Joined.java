package suyuan.bench.kafkastreams;

import suyuan.bench.events.Chain;
import suyuan.bench.events.Chains;
import suyuan.bench.events.Listing;
import suyuan.bench.events.Lot;
import suyuan.bench.events.WaitingListing;

/** Chains from what the stores hold. */
final class Joined {
    private Joined() {}

    static WaitingListing waiting(Listing listing) {
        return new WaitingListing(
                listing.getEventId(), listing.getOccurredAt(), listing.getPlatformCode(), listing.getListingId(),
                listing.getSellerCode(), listing.getSold30d());
    }

    static Chain chain(Listing listing, Lot lot) {
        return Chains.of(
                listing.getPlatformCode(), listing.getListingId(), listing.getSellerCode(), listing.getEventId(),
                listing.getOccurredAt(), listing.getSold30d(),
                lot.getProducerCode(), lot.getLot(), lot.getEventId(), lot.getProducedOn(), lot.getExpiresOn(),
                lot.getQuantity());
    }

    static Chain chain(WaitingListing listing, Lot lot) {
        return Chains.of(
                listing.getPlatformCode(), listing.getListingId(), listing.getSellerCode(), listing.getEventId(),
                listing.getOccurredAt(), listing.getSold30d(),
                lot.getProducerCode(), lot.getLot(), lot.getEventId(), lot.getProducedOn(), lot.getExpiresOn(),
                lot.getQuantity());
    }
}
