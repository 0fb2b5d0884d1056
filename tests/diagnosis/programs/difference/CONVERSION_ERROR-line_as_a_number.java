import java.util.*;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        long a = Long.parseLong(in.nextLine());
        long b = Long.parseLong(in.nextLine());
        System.out.println(a - b);
    }
}
