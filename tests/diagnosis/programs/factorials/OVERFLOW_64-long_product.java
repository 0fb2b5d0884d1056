import java.util.*;

public class Main {
    public static void main(String[] args) {
        int n = new Scanner(System.in).nextInt();
        long product = 1;
        for (int i = 2; i <= n; i++) {
            product *= i;
        }
        System.out.println(product);
    }
}
