import java.util.*;

public class Main {
    static void print(int n) {
        if (n == 0) {
            return;
        }
        print(n);
        System.out.println(n);
    }

    public static void main(String[] args) {
        print(new Scanner(System.in).nextInt());
    }
}
