import java.util.Scanner;

public class Main {
    public static void main(String[] arguments) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        long sum = 0, largest = Long.MIN_VALUE;
        while (n-- > 0) {
            long x = in.nextLong();
            sum += x;
            largest = Math.max(largest, x);
        }
        System.out.println(sum);
        System.out.println(largest);
    }
}
