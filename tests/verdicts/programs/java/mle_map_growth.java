import java.util.*;

public class Main {
    public static void main(String[] arguments) {
        Map<Long, byte[]> seen = new HashMap<>();
        for (long i = 0; ; i++) seen.put(i, new byte[1000]);
    }
}
