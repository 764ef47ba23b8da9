package suyuan.bench.events;

/** The join itself: a listing and the record of its lot give a chain. */
public final class Chains {
    private static final long CHINA_STANDARD_TIME_MS = 8 * 3_600_000L;
    private static final long DAY_MS = 86_400_000L;

    private Chains() {}

    /** The first six are the listing's, the others its lot's; {@code expires} null: no last day of use. */
    public static Chain of(
            String platform, String listing, String seller, String listingEvent, long listedAt, long sold,
            String producer, String lot, String recordEvent, int produced, Integer expires, long quantity) {
        boolean expired = expires != null && Math.floorDiv(listedAt + CHINA_STANDARD_TIME_MS, DAY_MS) > expires;
        return new Chain(
                platform, listing, producer, lot, seller, expired ? "contradicted" : "complete",
                listingEvent, recordEvent, listedAt, produced, expires, quantity, sold);
    }
}
