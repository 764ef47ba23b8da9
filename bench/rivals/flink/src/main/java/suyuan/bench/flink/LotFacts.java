package suyuan.bench.flink;

import suyuan.bench.events.Lot;

/** State: what chains need of a lot's record. Flink's POJO, so its serializer needs no reflection at run time. */
public final class LotFacts {
    public String eventId;
    public String producerCode;
    public String lot;
    public int producedOn;
    /** Days since 1970-01-01; Integer.MIN_VALUE: none. */
    public int expiresOn;

    public long quantity;

    public LotFacts() {}

    static LotFacts of(Lot record) {
        LotFacts facts = new LotFacts();
        facts.eventId = record.getEventId();
        facts.producerCode = record.getProducerCode();
        facts.lot = record.getLot();
        facts.producedOn = record.getProducedOn();
        facts.expiresOn = record.getExpiresOn() == null ? Integer.MIN_VALUE : record.getExpiresOn();
        facts.quantity = record.getQuantity();
        return facts;
    }
}
