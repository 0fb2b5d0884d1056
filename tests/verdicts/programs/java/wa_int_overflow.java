import java.util.Scanner;

public class Main {
    public static void main(String[] arguments) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt(), sum = 0;
        long largest = 0;
        while (n-- > 0) {
            long x = in.nextLong();
            sum += x;
            largest = Math.max(largest, x);
        }
        System.out.println(sum);
        System.out.println(largest);
    }
}
