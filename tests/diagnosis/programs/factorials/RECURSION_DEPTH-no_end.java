import java.util.*;

public class Main {
    static long factorial(long n) {
        return n * factorial(n - 1);
    }

    public static void main(String[] args) {
        System.out.println(factorial(new Scanner(System.in).nextLong()));
    }
}
