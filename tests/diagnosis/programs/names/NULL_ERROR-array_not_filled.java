import java.util.*;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        String[] names = new String[n + 1];
        for (int i = 0; i < n; i++) {
            names[i] = in.next();
        }
        Arrays.sort(names);
        for (String name : names) {
            System.out.println(name);
        }
    }
}
