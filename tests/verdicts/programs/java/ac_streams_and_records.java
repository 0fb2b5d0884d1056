import java.util.*;
import java.util.stream.*;

public class Main {
    record Answer(long sum, long largest) {}

    public static void main(String[] arguments) {
        Scanner in = new Scanner(System.in);
        List<Long> all = IntStream.range(0, in.nextInt()).mapToObj(i -> in.nextLong()).toList();
        Answer answer = new Answer(all.stream().mapToLong(x -> x).sum(), Collections.max(all));
        System.out.printf("%d %d", answer.sum(), answer.largest());
    }
}
