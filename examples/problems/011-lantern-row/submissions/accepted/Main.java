import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        int n = new Scanner(System.in).nextInt();
        StringBuilder row = new StringBuilder();
        for (int lantern = 2; lantern <= n; lantern += 2) row.append(lantern).append(' ');
        for (int lantern = 1; lantern <= n; lantern += 2) row.append(lantern).append(' ');
        System.out.println(n == 2 || n == 3 ? "impossible" : row);
    }
}
