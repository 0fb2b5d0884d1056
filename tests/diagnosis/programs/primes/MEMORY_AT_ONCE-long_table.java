import java.util.*;

public class Main {
    public static void main(String[] args) {
        int n = new Scanner(System.in).nextInt();
        long[] table = new long[100000000];
        Arrays.fill(table, 1);
        int count = 0;
        for (int p = 2; p <= n; p++) {
            if (table[p] == 1) {
                count++;
                for (int m = 2 * p; m <= n; m += p) {
                    table[m] = 0;
                }
            }
        }
        System.out.println(count);
    }
}
