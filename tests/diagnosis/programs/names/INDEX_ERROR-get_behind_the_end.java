import java.util.*;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        List<String> names = new ArrayList<>();
        for (int i = 0; i < n; i++) names.add(in.next());
        Collections.sort(names);
        for (int i = 1; i <= n; i++) System.out.println(names.get(i));
    }
}
