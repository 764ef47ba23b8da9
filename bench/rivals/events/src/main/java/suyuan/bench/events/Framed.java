package suyuan.bench.events;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;

/**
 * One Avro record in Confluent's framing: 0x00, schema id as a big-endian int, the body. Encoder, decoder and buffer are
 * used again for each record, so an instance belongs to one thread.
 */
public final class Framed<T extends SpecificRecord> {
    public static final int LISTING = 1;
    public static final int LOT = 5;
    public static final int CHAIN = 101;
    /** State only, never on a topic that others read. */
    public static final int WAITING = 102;

    private static final int HEADER = 5;

    private final int id;
    private final byte[] header;
    private final SpecificDatumReader<T> reader;
    private final SpecificDatumWriter<T> writer;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream(256);
    private BinaryDecoder decoder;
    private BinaryEncoder encoder;

    public Framed(int id, Schema schema) {
        this.id = id;
        this.header = ByteBuffer.allocate(HEADER).put((byte) 0).putInt(id).array();
        this.reader = new SpecificDatumReader<>(schema);
        this.writer = new SpecificDatumWriter<>(schema);
    }

    public byte[] encode(T record) {
        try {
            out.reset();
            out.write(header, 0, HEADER);
            encoder = EncoderFactory.get().directBinaryEncoder(out, encoder);
            writer.write(record, encoder);
            return out.toByteArray();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Throws IllegalArgumentException for another frame than this one's. */
    public T decode(byte[] message) {
        if (message.length < HEADER || message[0] != 0 || ByteBuffer.wrap(message).getInt(1) != id) {
            throw new IllegalArgumentException("not a message of schema " + id);
        }
        try {
            decoder = DecoderFactory.get().binaryDecoder(message, HEADER, message.length - HEADER, decoder);
            return reader.read(null, decoder);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
