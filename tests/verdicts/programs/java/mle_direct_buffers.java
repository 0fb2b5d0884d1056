import java.nio.ByteBuffer;
import java.util.*;

public class Main {
    public static void main(String[] arguments) {
        List<ByteBuffer> all = new ArrayList<>();
        while (true) all.add(ByteBuffer.allocateDirect(1 << 22));
    }
}
