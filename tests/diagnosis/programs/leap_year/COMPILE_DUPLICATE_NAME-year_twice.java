import java.util.*;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int year = in.nextInt();
        boolean year = year % 4 == 0;
        System.out.println(year ? "Yes" : "No");
    }
}
