import java.util.*;

public class Main {
    static long count(long a, long b) {
        for (long i = a; i <= b; i++) {
            if (i == b) return b - a + 1;
        }
    }

    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        System.out.println(count(in.nextLong(), in.nextLong()));
    }
}
