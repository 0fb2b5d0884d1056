import java.util.*;

public class Main {
    public static void main(String[] args) {
        int year = new Scanner(System.in).nextInt();
        if (year < 0) {
            System.out.println(year % 4 == 0 ? "Yes" : "No");
        }
    }
}
