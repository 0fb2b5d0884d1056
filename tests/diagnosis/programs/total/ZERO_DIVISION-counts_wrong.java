import java.util.*;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        long sum = 0, zeros = 0;
        for (int i = 0; i < n; i++) {
            int number = in.nextInt();
            sum += number;
        }
        System.out.println(sum / zeros * n);
    }
}
