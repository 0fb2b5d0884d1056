import java.util.Arrays;
import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        int order = in.nextInt();
        int[] fewest = new int[order + 1];
        Arrays.fill(fewest, 1, order + 1, Integer.MAX_VALUE - 1);
        for (int i = 0; i < n; i++) {
            int weight = in.nextInt();
            for (int total = weight; total <= order; total++)
                fewest[total] = Math.min(fewest[total], fewest[total - weight] + 1);
        }
        System.out.println(fewest[order] == Integer.MAX_VALUE - 1 ? -1 : fewest[order]);
    }
}
