package suyuan.bench.flink;

/** A message on its way from source to join, still encoded: it is decoded once, where it is used. Flink's POJO. */
public final class Keyed {
    /** Credit code and lot, as the message's key has them. */
    public String key;

    public byte[] value;

    public Keyed() {}

    public Keyed(String key, byte[] value) {
        this.key = key;
        this.value = value;
    }

    public String getKey() {
        return key;
    }
}
